/*
 * Preloaded into an instrumented server (build/sanitize). The address sanitizer starts at the first allocation. In
 * the server that one happens in a constructor of libgpg-error, inside bindtextdomain(), while glibc holds a lock
 * that the sanitizer's start needs, too; the process then hangs. Linked with -z initfirst, this comes earlier.
 */
#include <stdlib.h>

__attribute__((constructor)) static void
start_sanitizer(void)
{
    /* volatile, or the compiler takes the pair away */
    void *volatile block = malloc(1);

    free(block);
}
