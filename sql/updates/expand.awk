# Puts what "--@" lines of an update script name in their place. Run in the source tree.
#     --@ schema_script                       the function that holds the schema (the variable schema_script names its file)
#     --@ piece FILE                          a whole piece of the extension script
#     --@ function FILE NAME                  the paragraph of one function in a piece

function fail(message) { print FILENAME ": " message > "/dev/stderr"; exit 1 }

function include(file,    line, count) {
    while ((getline line < file) > 0) { print line; count++ }
    close(file)
    if (!count) fail("cannot read " file)
}

function include_function(file, name,    paragraph, found, separator) {
    separator = RS
    RS = ""
    while ((getline paragraph < file) > 0)
        if (index(paragraph, "CREATE FUNCTION @extschema@." name "(")) { print paragraph; found = 1 }
    RS = separator
    close(file)
    if (!found) fail("no function " name " in " file)
}

$1 != "--@" { print; next }
$2 == "schema_script" { include(schema_script); next }
$2 == "piece" { include($3); next }
$2 == "function" { include_function($3, $4); next }
{ fail("unknown directive: " $0) }
