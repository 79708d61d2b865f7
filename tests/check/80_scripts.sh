#!/usr/bin/env bash
# The SQL scripts are safe to run as superuser in a database whose users are not trusted.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

exec perl -I tests/support -MSqlScript -e '
use strict;
use warnings;
my $faults = 0;

sub fault {
    my ($file, $statement, $message) = @_;
    print "$file:$statement->{line}: $message\n";
    $faults++;
}

# A procedure that commits cannot set a search path. Then nothing in it may need one: whatever it calls is qualified, and
# it uses no operator.
sub needs_no_search_path {
    my ($statement) = @_;
    return 0 if $statement->{code} !~ /^\s*CREATE\s+PROCEDURE\b/i || $statement->{code} =~ /\bSECURITY\s+DEFINER\b/i;
    my $body = $statement->{text} =~ /\bAS\s+(\$\w*\$)(.*)\g1/is ? $2 : return 0;
    return 0 if $body !~ /\bCOMMIT\b/;
    $body =~ s/--[^\n]*//g;
    $body =~ s/:=//g;
    $body =~ s/\@extschema\@\./billing./g;
    return 0 if $body =~ m{[-+*/<>=~!\@#%^&|?]};
    return !grep { !/\./ && uc ne "ARRAY" } $body =~ /([\w.]+)\s*\(/g;
}

# Whoever calls a function chooses the search path, unless the function does. C functions that run no SQL are
# exempt: the pure ones, and the triggers and their WHEN clause, where setting it for every row would cost more than
# their work. So are SQL functions with a RETURN body, whose names are bound when they are created.
sub check_search_path {
    my ($file, $statement) = @_;
    my $name = is_function($statement) // return;
    my $code = $statement->{code};
    return if needs_no_search_path($statement);
    return if $code =~ /\bLANGUAGE\s+sql\s+IMMUTABLE\b.*\n\s*RETURN\s/i;
    return if defined c_symbol($statement) && $code =~ /\bIMMUTABLE\b|\bRETURNS\s+(?:pg_catalog\.)?trigger\b|\bguard_wakes\b/i
        && $code !~ /\bSECURITY\s+DEFINER\b/i;
    if ($code !~ /\bSET\s+search_path\s*(?:=|TO)\s*([\w, ]*\S)/i) {
        fault($file, $statement, "$name sets no search_path");
    } elsif ($code =~ /\bSECURITY\s+DEFINER\b/i && $code !~ /search_path\s*(?:=|TO)\s*pg_catalog\b[\w, @.]*,\s*pg_temp\b/i) {
        fault($file, $statement, "$name: search_path of a SECURITY DEFINER function begins with pg_catalog and ends with pg_temp");
    }
}

for my $file (@ARGV) {
    my @statements = statements(slurp($file));
    my @labels = grep { $_->{code} =~ /\bALTER\s+TYPE\b.*\bADD\s+VALUE\b/is } @statements;
    # A new label cannot be used in the transaction that adds it.
    fault($file, $labels[0], "a script that adds an enum label may do nothing else") if @labels && @labels != @statements;
    for my $statement (@statements) {
        check_search_path($file, $statement);
        next if $file =~ m{^sql/schema/};
        # They would adopt an object that somebody else has put there before.
        fault($file, $statement, "CREATE OR REPLACE") if $statement->{code} =~ /^\s*CREATE\s+OR\s+REPLACE\b/i;
        fault($file, $statement, "IF NOT EXISTS") if $statement->{code} =~ /\bIF\s+NOT\s+EXISTS\b/i;
    }
}
exit($faults > 0);
' sql/install/*.sql sql/schema/*.sql sql/updates/*.sql
