// Growing text.
#include "guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void put_bytes(buffer *b, const char *at, size_t length) {
  if (b->length + length > b->capacity) {
    b->capacity = (b->length + length) * 2 + 64;
    b->at = realloc(b->at, b->capacity);
    if (b->at == NULL) abort();
  }
  memcpy(b->at + b->length, at, length);
  b->length += length;
}

void put(buffer *b, const char *format, ...) {
  va_list values;
  va_start(values, format);
  char digits[24];
  for (const char *p = format; *p != 0; p++) {
    const char *next = strchr(p, '%');
    if (next != p) {
      size_t length = next == NULL ? strlen(p) : (size_t)(next - p);
      put_bytes(b, p, length);
      p += length - 1;
      continue;
    }
    switch (*++p) {
    case 't': {
      text t = va_arg(values, text);
      put_bytes(b, t.at, t.length);
      break;
    }
    case 's': {
      const char *s = va_arg(values, const char *);
      put_bytes(b, s, strlen(s));
      break;
    }
    case 'u': put_bytes(b, digits, (size_t)sprintf(digits, "%u", va_arg(values, unsigned))); break;
    case 'd': put_bytes(b, digits, (size_t)sprintf(digits, "%lld", va_arg(values, long long))); break;
    }
  }
  va_end(values);
}
