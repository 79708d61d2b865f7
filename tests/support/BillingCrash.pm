# Power failures for tests/tap.
#
#     use BillingCrash;
#     kill_backend($node, $pid);        SIGKILL to one session; the server restarts by itself, returns when it is back
#     kill_everything($node);           SIGKILL to all processes of the server at once, then starts it again
package BillingCrash;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

our @EXPORT = qw(kill_backend kill_everything);

sub postmaster {
    my ($node) = @_;
    return slurp_file($node->data_dir . '/postmaster.pid') =~ s/\n.*//sr;
}

# A backend in the middle of a call outlives its postmaster; a power failure spares nobody.
sub children_of {
    my ($parent) = @_;
    return map { m{/proc/(\d+)/} } grep { (eval { slurp_file($_) } // '') =~ /^PPid:\s+$parent$/m } glob '/proc/[0-9]*/status';
}

# Waits until the process is gone and the server answers.
sub recover {
    my ($node, $gone) = @_;
    usleep(10_000) while kill 0, $gone;
    if (!kill 0, postmaster($node)) {
        $node->{_pid} = undef;
        $node->start;
    }
    my $ready = $node->installed_command('pg_isready');
    for (1 .. 1800) {
        return if system($ready, '--quiet', '--host', $node->host, '--port', $node->port) == 0;
        usleep(100_000);
    }
    die 'the server does not come back';
}

# After a backend's death the postmaster restarts the server by itself; the checkpointer's end tells that it began.
sub kill_backend {
    my ($node, $backend) = @_;
    my ($checkpointer) = grep { (eval { slurp_file("/proc/$_/cmdline") } // '') =~ /checkpointer/ } children_of(postmaster($node));
    kill 'KILL', $backend;
    recover($node, $checkpointer);
    return;
}

sub kill_everything {
    my ($node) = @_;
    my $postmaster = postmaster($node);
    kill 'KILL', $postmaster, children_of($postmaster);
    recover($node, $postmaster);
    return;
}

1;
