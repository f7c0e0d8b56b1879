/* What Debian's libstdc++.a takes from glibc and musl lacks, so that it can be linked for musl: only to start a runtime that needs it. */
#include <sys/random.h>

char __libc_single_threaded = 0;

int _dl_find_object(void* address, void* result) {
  (void)address, (void)result;
  return -1;
}

unsigned arc4random(void) {
  unsigned number = 0;
  getrandom(&number, sizeof number, 0);
  return number;
}
