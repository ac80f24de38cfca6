// What the table of ../toolchains.md says of a tool, and what its description gets. Also the buffers that the host writes to.
#include "guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

EXPORT("alloc") void *host_alloc(size_t size) { return malloc(size == 0 ? 1 : size); }

EXPORT("dealloc") void host_dealloc(void *pointer, size_t size) {
  (void)size;
  free(pointer);
}

// Does not end; the sum afterwards keeps the compiler from making a loop of it, the array takes room on the stack.
__attribute__((noinline)) static unsigned depth(unsigned level) {
  volatile unsigned held[16];
  held[level % 16] = level;
  return level == 0 ? 0 : depth(level + 1) + held[level % 16];
}

static long long nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void put_role(buffer *b, text login) {
  text role = role_of(login);
  put(b, " (%t)", role.at == NULL ? TEXT("unknown") : role);
}

static void tell(buffer *b, const char *what, const char *value) {
  put(b, "; %s %s", what, value);
  put_role(b, (text){value, strlen(value)});
}

static void sleep_for(buffer *b, long long milliseconds) {
  long long begin = nanoseconds(CLOCK_MONOTONIC);
  struct timespec wanted = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&wanted, NULL);
  put(b, nanoseconds(CLOCK_MONOTONIC) - begin >= milliseconds * 1000000 ? "; slept" : "; woke early");
}

static bool is(text t, const char *word) { return t.length == strlen(word) && memcmp(t.at, word, t.length) == 0; }

void perform(buffer *b, text tool, json arguments) {
  char value[32];
  if (is(tool, "trap")) {
    abort();
  } else if (is(tool, "exit")) {
    exit((int)json_number(json_member(arguments, "code"), 0));
  } else if (is(tool, "recurse")) {
    put(b, "; depth %u", depth(1));
  } else if (is(tool, "sleep")) {
    sleep_for(b, json_number(json_member(arguments, "ms"), 20));
  } else if (is(tool, "clock")) {
    sprintf(value, "%lld", nanoseconds(CLOCK_REALTIME));
    tell(b, "clock", value);
  } else if (is(tool, "random")) {
    unsigned char bytes[8];
    if (getentropy(bytes, sizeof bytes) != 0) abort();
    for (int i = 0; i < 8; i++) sprintf(value + 2 * i, "%02x", bytes[i]);
    tell(b, "random", value);
  } else if (is(tool, "print")) {
    json member = json_member(arguments, "text");
    text line = member.kind == STRING ? member.text : TEXT(""), plain = json_unescape(line);
    fwrite(plain.at, 1, plain.length, stdout);
    putchar('\n');
    fflush(stdout);
    free((char *)plain.at);
    put(b, "; printed");
    put_role(b, line);
  } else if (is(tool, "large")) {
    put(b, "; ");
    for (long long left = json_number(json_member(arguments, "size"), 0); left > 0; left--) put_bytes(b, "x", 1);
  }
}
