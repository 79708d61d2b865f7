# Clusters for tests/tap: PostgreSQL's own test library plus the staged extension.
#
#     use BillingCluster;
#     my $node = billing_cluster('main');              # initialised and started
#     my $node = billing_cluster('main', start => 0, conf => "fsync = on\n");
#     billing_install($node, 'app');                   # a database with the extension and its tables
package BillingCluster;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(billing_cluster billing_install);

sub billing_cluster {
    my ($name, %option) = @_;
    my $node = PostgreSQL::Test::Cluster->new($name);
    $node->init(
        extra => [ '--locale=C.UTF-8', '--encoding=UTF8' ],
        ($option{allows_streaming} ? (allows_streaming => $option{allows_streaming}) : ()));
    $node->append_conf('postgresql.conf', "extension_destdir = '$ENV{BILLING_STAGE}'\n" . ($option{conf} // ''));
    $node->start if $option{start} // 1;
    return $node;
}

sub billing_install {
    my ($node, $database) = @_;
    $node->safe_psql('postgres', "CREATE DATABASE $database") if $database ne 'postgres';
    $node->safe_psql($database, 'CREATE EXTENSION billing; SELECT * FROM billing.install();');
    return;
}

1;
