#!/usr/bin/env perl
# Runs a command (a psql session) and appends to its output the peak of a server process's private memory (RssAnon),
# in kB. The command writes the id of that process to the file named by BACKEND_FILE. Reads /proc, so Linux only.
use strict;
use warnings;
use File::Temp qw(tempdir);
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep);

my $pause = 0.01;
my $file  = $ENV{BACKEND_FILE} = tempdir(CLEANUP => 1) . '/backend';

# First number in a file, or 0.
sub number_in {
    my ($path, $pattern) = @_;
    open my $handle, '<', $path or return 0;
    while (my $line = <$handle>) {
        return $1 if $line =~ $pattern;
    }
    return 0;
}

my $child = fork // die "fork: $!\n";
if ($child == 0) {
    exec @ARGV or die "$ARGV[0]: $!\n";
}
my ($backend, $peak) = (0, 0);
while (waitpid($child, WNOHANG) == 0) {
    $backend ||= number_in($file, qr/^(\d+)$/);
    my $now = $backend ? number_in("/proc/$backend/status", qr/^RssAnon:\s+(\d+)/) : 0;
    $peak = $now if $now > $peak;
    sleep $pause;
}
my $status = $?;
print "$peak\n";
exit($status == 0 ? 0 : 1);
