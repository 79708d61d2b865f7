#!/usr/bin/env perl
# Turns the measurements of run.sh (tab separated) into the tables of the report (Markdown, readable as text).
# Usage: report.pl bench.tsv
use strict;
use warnings;
use utf8;

my @verbs = ([approve => 'approve'], [mark => 'mark ready'], [create => 'create'], [confirm => 'confirm']);
my @variants = (
    [ours => 'billing'],
    [by_contract => 'billing, one call per contract'],
    [floor => 'floor'],
    [conventional => 'conventional'],
);

# Upper limits of billing's time, as a multiple of another variant's.
my @goals = (
    [approve => floor => 1.5], [mark => floor => 1.3], [create => floor => 1.3], [confirm => floor => 1.3],
    [create => conventional => 0.4], [confirm => conventional => 0.4],
);
my @parts = (
    [run => 'A month of 1,000 contracts, by run_invoicing()', [run => 'run_invoicing']],
    [revise => 'One invoice is revised', [revise => 'revise'], [credit => 'confirm the correction']],
    [rerate => 'Unbilled work gets the prices of today', [rerate => 'rerate']],
);
my $floor_limit = 1.5;      # billing : floor, in these parts
my $views_limit = 1.2;      # many others : few others; per item of the backlog
my $history_limit = 1.2;    # many others : few others
my $invoice_limit = 1.2;    # time per detail, largest : a hundredth of it
my $memory_limit = 1.5;     # SIZE : a tenth of it

my (%runs, $settings, @results);

# {part}{variant}{verb} => list of runs
sub read_measurements {
    while (my $line = <>) {
        chomp $line;
        my ($part, @values) = split /\t/, $line;
        if ($part eq 'settings') {
            $settings = \@values;
            next;
        }
        my %run;
        @run{qw(variant verb round items seconds processor wal blocks peak)} = @values;
        push @{ $runs{$part}{ $run{variant} }{ $run{verb} } }, \%run;
    }
}

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return @sorted % 2 ? $sorted[$#sorted / 2] : ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}

sub most {
    return (sort { $a <=> $b } @_)[-1];
}

sub values_of {
    my ($runs, $what) = @_;
    return map { $_->{$what} } @$runs;
}

sub per_item {
    my ($runs, $what) = @_;
    return median(map { $_->{$what} / $_->{items} } @$runs);
}

# Median over the rounds of the quotient of two variants.
sub ratio {
    my ($runs, $others, $what) = @_;
    my %other = map { $_->{round} => $_ } @$others;
    my @ratios = map { $_->{$what} / $other{ $_->{round} }{$what} } grep { $other{ $_->{round} }{$what} } @$runs;
    return @ratios ? median(@ratios) : undef;
}

sub number {
    my ($format, $value) = @_;
    return defined $value ? sprintf($format, $value) : '';
}

# A Markdown table with aligned columns; the first row is the head, all columns but the first $left are numbers.
sub print_table {
    my ($left, @rows) = @_;
    my @width;
    for my $row (@rows) {
        for my $i (0 .. $#$row) { $width[$i] = most($width[$i] // 3, length $row->[$i]) }
    }
    my $format = '| ' . join(' | ', map { '%' . ($_ < $left ? '-' : '') . $width[$_] . 's' } 0 .. $#width) . " |\n";
    printf $format, @{ shift @rows };
    printf "|%s|\n", join '|', map { $_ < $left ? '-' x ($width[$_] + 2) : '-' x ($width[$_] + 1) . ':' } 0 .. $#width;
    printf $format, @$_ for @rows;
    print "\n";
}

# Notes whether a ratio keeps its limit.
sub judge {
    my ($what, $value, $limit, $processor) = @_;
    push @results, [ $what, sprintf('%.2f', $value), number('%.2f', $processor), sprintf('%.2f', $limit),
        $value <= $limit ? 'met' : 'missed' ];
}

sub report_verbs {
    my $part = $runs{verbs} or return;
    my ($items) = map { $_->{items} } @{ $part->{ours}{mark} };
    my $rounds = @{ $part->{ours}{mark} };
    print "### Four verbs over $items unbilled sales actuals\n\n";
    print "Medians of $rounds rounds; ratios are medians of the ratios within a round; per actual: of the $items.\n\n";
    my @rows = ([ 'verb', 'variant', 'seconds', 'CPU s', ': floor', ': floor, CPU', ': conventional',
        'µs per actual', 'WAL bytes per actual', 'buffers per actual', 'peak memory, MB' ]);
    for my $verb (@verbs) {
        my ($name, $label) = @$verb;
        for my $variant (@variants) {
            my $runs = $part->{ $variant->[0] }{$name} or next;
            my $is_floor = $variant->[0] eq 'floor';
            my $floor = $is_floor ? undef : $part->{floor}{$name};
            my $conventional = $variant->[0] eq 'conventional' ? undef : $part->{conventional}{$name};
            push @rows, [ $label, $variant->[1], number('%.2f', median(values_of($runs, 'seconds'))),
                number('%.2f', median(values_of($runs, 'processor'))),
                number('%.2f', $floor && ratio($runs, $floor, 'seconds')),
                number('%.2f', $floor && ratio($runs, $floor, 'processor')),
                number('%.2f', $conventional && ratio($runs, $conventional, 'seconds')),
                number('%.1f', 1e6 * per_item($runs, 'seconds')), number('%.0f', per_item($runs, 'wal')),
                number('%.1f', per_item($runs, 'blocks')), number('%.1f', most(values_of($runs, 'peak')) / 1024) ];
        }
    }
    print_table(2, @rows);
    for my $goal (@goals) {
        my ($verb, $other, $limit) = @$goal;
        my @runs = ($part->{ours}{$verb}, $part->{$other}{$verb});
        judge("$verb: time, billing : $other", ratio(@runs, 'seconds'), $limit, ratio(@runs, 'processor'));
    }
}

# Leaves out the first two contracts of each session: there it still plans its statements.
sub warm {
    my ($runs) = @_;
    my %seen;
    return [ grep { ++$seen{ $_->{round} } > 2 } @$runs ];
}

sub report_history {
    my $part = $runs{history} or return;
    my @others = sort { $a <=> $b } keys %$part;
    my $items = $part->{ $others[0] }{create}[0]{items};
    my $count = @{ warm($part->{ $others[0] }{create}) };
    print "### One contract's $items actuals beside many of other contracts\n\nMedians of $count contracts.\n\n";
    my @rows = ([ 'verb', 'other actuals', 'milliseconds', 'buffers', 'WAL bytes per actual' ]);
    for my $verb (qw(create confirm)) {
        my ($few, $many) = map { warm($part->{$_}{$verb}) } @others;
        for my $i (0, 1) {
            my $runs = ($few, $many)[$i];
            push @rows, [ $verb, $others[$i], number('%.2f', 1e3 * median(values_of($runs, 'seconds'))),
                number('%.0f', median(values_of($runs, 'blocks'))), number('%.0f', per_item($runs, 'wal')) ];
        }
        for my $what ([ seconds => 'time' ], [ blocks => 'buffers' ]) {
            judge("$verb: $what->[1], $others[1] : $others[0] other actuals",
                median(values_of($many, $what->[0])) / median(values_of($few, $what->[0])), $history_limit);
        }
    }
    print_table(1, @rows);
}

sub report_invoice {
    my $part = $runs{invoice}{one} or return;
    print "### One invoice\n\nMedians over the rounds.\n\n";
    my @rows = ([ 'verb', 'details', 'milliseconds', 'µs per detail', 'buffers per detail', 'WAL bytes per detail' ]);
    for my $verb (qw(create confirm)) {
        my %by_size;
        push @{ $by_size{ $_->{items} } }, $_ for @{ $part->{$verb} };
        my ($warm_up, @sizes) = sort { $a <=> $b } keys %by_size;
        for my $size (@sizes) {
            my $runs = $by_size{$size};
            push @rows, [ $verb, $size, number('%.1f', 1e3 * median(values_of($runs, 'seconds'))),
                number('%.2f', 1e6 * per_item($runs, 'seconds')), number('%.1f', per_item($runs, 'blocks')),
                number('%.0f', per_item($runs, 'wal')) ];
        }
        judge("$verb: time per detail, $sizes[-1] : $sizes[0] details",
            per_item($by_size{ $sizes[-1] }, 'seconds') / per_item($by_size{ $sizes[0] }, 'seconds'), $invoice_limit);
    }
    print_table(1, @rows);
}

# The parts of run.sh that know the extension and the floor.
sub report_against_floor {
    my ($name, $title, @verbs) = @_;
    my $part = $runs{$name} or return;
    my ($items) = map { $_->{items} } @{ $part->{ours}{ $verbs[0][0] } };
    print "### $title: $items actuals\n\nMedians of the rounds.\n\n";
    my @rows = ([ 'verb', 'variant', 'seconds', 'CPU s', ': floor', ': floor, CPU', 'µs per actual', 'WAL bytes per actual',
        'buffers per actual', 'peak memory, MB', 'at a tenth' ]);
    for my $verb (@verbs) {
        my ($key, $label) = @$verb;
        my ($floor, $tenth) = ($part->{floor}{$key}, $runs{"${name}_tenth"}{ours}{$key});
        for my $variant (qw(ours floor)) {
            my $runs = $part->{$variant}{$key};
            my $is_ours = $variant eq 'ours';
            push @rows, [ $label, $is_ours ? 'billing' : 'floor', number('%.2f', median(values_of($runs, 'seconds'))),
                number('%.2f', median(values_of($runs, 'processor'))),
                number('%.2f', $is_ours ? ratio($runs, $floor, 'seconds') : undef),
                number('%.2f', $is_ours ? ratio($runs, $floor, 'processor') : undef),
                number('%.1f', 1e6 * per_item($runs, 'seconds')), number('%.0f', per_item($runs, 'wal')),
                number('%.1f', per_item($runs, 'blocks')), number('%.1f', most(values_of($runs, 'peak')) / 1024),
                number('%.1f', $is_ours && $tenth ? most(values_of($tenth, 'peak')) / 1024 : undef) ];
        }
        judge("$label: time, billing : floor", ratio($part->{ours}{$key}, $floor, 'seconds'), $floor_limit,
            ratio($part->{ours}{$key}, $floor, 'processor'));
    }
    print_table(2, @rows);
}

# Three worlds: few others, many others, many others beside a tenth of the backlog.
sub report_views {
    my $part = $runs{views} or return;
    my @rows = ([ 'query', 'other actuals', 'backlog', 'milliseconds', 'buffers', 'buffers per 100 of the backlog' ]);
    print "### Hub and ageing\n\nMedians of the rounds; the floor is the sum of the backlog by line and customer.\n\n";
    for my $view (qw(floor hub ageing)) {
        my %blocks;
        for my $others (sort { $a <=> $b } keys %$part) {
            my %by_backlog;
            push @{ $by_backlog{ $_->{items} } }, $_ for @{ $part->{$others}{$view} };
            for my $backlog (sort { $b <=> $a } keys %by_backlog) {
                my $runs = $by_backlog{$backlog};
                $blocks{"$others $backlog"} = median(values_of($runs, 'blocks'));
                push @rows, [ $view, $others, $backlog, number('%.1f', 1e3 * median(values_of($runs, 'seconds'))),
                    $blocks{"$others $backlog"}, number('%.1f', 100 * $blocks{"$others $backlog"} / $backlog) ];
            }
        }
        my ($few, $many) = map { $blocks{$_} } grep { !/ \Q@{[ (sort { $a <=> $b } map { (split)[1] } keys %blocks)[0] ]}\E$/ }
            sort { (split ' ', $a)[0] <=> (split ' ', $b)[0] } keys %blocks;
        judge("$view: buffers, many : few other actuals", $many / $few, $views_limit);
    }
    print_table(1, @rows);
}

sub report_memory {
    my ($small, $large) = ($runs{memory}{ours}, $runs{verbs}{ours});
    return unless $small && $large;
    print "### Private memory of the server process\n\nPeak, MB.\n\n";
    my @rows = ([ 'verb', map { "$_->[0]{items} actuals" } $small->{mark}, $large->{mark} ]);
    for my $verb (@verbs) {
        my ($name, $label) = @$verb;
        my @peaks = map { most(values_of($_->{$name}, 'peak')) / 1024 } $small, $large;
        push @rows, [ $label, map { number('%.1f', $_) } @peaks ];
        judge("$name: memory, $large->{mark}[0]{items} : $small->{mark}[0]{items} actuals", $peaks[1] / $peaks[0],
            $memory_limit);
    }
    print_table(1, @rows);
}

binmode STDOUT, ':encoding(UTF-8)';
read_measurements();
report_verbs();
report_memory();
report_history();
report_invoice();
report_against_floor(@$_) for @parts;
report_views();
print "### Goals\n\n";
print_table(1, [ 'ratio', 'measured', 'CPU time', 'limit', 'goal' ], @results);
print "Settings: ", join(', ', @$settings), ".\n" if $settings;
