#!/usr/bin/env perl
# Reads a file of TAP and says "PASSED FAILED". Tests that were planned but never ran have failed, and so has a
# program that ended badly.
# Usage: tap_count.pl FILE EXIT_STATUS
use strict;
use warnings;
use TAP::Parser;

my ($file, $status) = @ARGV;
open my $in, '<', $file or die "$file: $!\n";
my $tap = do { local $/; <$in> };
close $in;

my $parser = TAP::Parser->new({ tap => $tap });
$parser->run;

my $failed = $parser->failed;
my $missing = ($parser->tests_planned // 0) - $parser->tests_run;
$failed += $missing if $missing > 0 && !$parser->skip_all;
$failed = 1 if !$failed && ($status != 0 || $parser->parse_errors);
printf "%d %d\n", scalar $parser->passed, $failed;
