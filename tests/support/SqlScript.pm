# Reads SQL scripts for the checks: statements with their line, their text without comments, and their code, in
# which strings and function bodies are blanked out, so that a pattern can't match inside them.
package SqlScript;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(statements slurp c_symbol is_function);

my $DOLLAR = qr/\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$/;

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}

# The list of { line, text, code } of a script.
sub statements {
    my ($script) = @_;
    my @found;
    my ($text, $code, $line, $start, $atomic) = ('', '', 1, 0, 0);
    my $emit = sub {
        push @found, { line => $start, text => $text, code => $code } if $code =~ /\S/;
        ($text, $code, $start, $atomic) = ('', '', 0, 0);
    };
    pos($script) = 0;
    while (pos($script) < length $script) {
        my ($piece, $bare) = token(\$script, $code);
        $start = $line if !$start && $bare =~ /\S/;
        $line += ($piece =~ tr/\n//);
        # The semicolons of BEGIN ATOMIC ... END belong to the function.
        $atomic++ if $atomic ? lc $piece eq 'case' : (lc $piece eq 'atomic' && $code =~ /\bBEGIN\s*$/i);
        $atomic-- if $atomic && lc $piece eq 'end';
        if ($bare eq ';' && !$atomic) { $emit->(); next }
        $text .= $bare =~ /^\s*$/ ? $bare : $piece;
        $code .= $bare;
    }
    $emit->();
    return @found;
}

# The next token and what it leaves in the code.
sub token {
    my ($script, $code) = @_;
    return ($1, ' ') if $$script =~ /\G(--[^\n]*)/gc;
    return ($1, ' ') if $$script =~ m{\G(/\*.*?\*/)}gcs;
    return ($1, ' ') if $code !~ /\S/ && $$script =~ /\G(\\[^\n]*)/gc;
    return ($1, "''") if $$script =~ /\G([eE]'(?:[^'\\]|\\.|'')*')/gcs;
    return ($1, "''") if $$script =~ /\G('(?:[^']|'')*')/gcs;
    return ($1, $1) if $$script =~ /\G("(?:[^"]|"")*")/gcs;
    if ($$script =~ /\G($DOLLAR)/gc) {
        my $delimiter = $1;
        $$script =~ /\G(.*?\Q$delimiter\E)/gcs or die "unterminated $delimiter\n";
        return ($delimiter . $1, "''");
    }
    return ($1, $1) if $$script =~ /\G([A-Za-z_]\w*|\s+)/gc;
    return ($1, $1) if $$script =~ /\G(.)/gcs;
    die "no token\n";
}

sub is_function {
    my ($statement) = @_;
    return $statement->{code} =~ /^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\s+([\w.@"]+)/i ? $1 : undef;
}

# The symbol a LANGUAGE C function is linked to.
sub c_symbol {
    my ($statement) = @_;
    my $name = is_function($statement) // return;
    return if $statement->{text} !~ /\bLANGUAGE\s+'?C\b/i;
    return $1 if $statement->{text} =~ /\bAS\s+'[^']*'\s*,\s*'([^']*)'/i;
    $name =~ s/.*\.//;
    return $name;
}

1;
