// A small JSON scanner: json_read checks everything once, the others walk text that is known to be well-formed.
#include "guard.h"

#include <stdlib.h>
#include <string.h>

enum { MAXIMUM_DEPTH = 256 };

static const char *end_of_input;

static const char *skip_space(const char *p) {
  while (p < end_of_input && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  return p;
}

static const char *skip_string(const char *p) {
  for (p++; p < end_of_input && *p != '"'; p++) {
    if ((unsigned char)*p < 0x20) return NULL;
    if (*p == '\\') p++;
  }
  return p < end_of_input ? p + 1 : NULL;
}

static const char *skip_value(const char *p, int depth);

static const char *skip_members(const char *p, int depth, char close) {
  p = skip_space(p + 1);
  if (p < end_of_input && *p == close) return p + 1;
  for (;;) {
    if (close == '}') {
      p = skip_space(p);
      if (p >= end_of_input || *p != '"') return NULL;
      p = skip_string(p);
      if (p == NULL) return NULL;
      p = skip_space(p);
      if (p >= end_of_input || *p != ':') return NULL;
      p++;
    }
    p = skip_value(p, depth + 1);
    if (p == NULL) return NULL;
    p = skip_space(p);
    if (p >= end_of_input) return NULL;
    if (*p == close) return p + 1;
    if (*p++ != ',') return NULL;
  }
}

static const char *skip_word(const char *p, const char *word) {
  size_t length = strlen(word);
  return (size_t)(end_of_input - p) >= length && memcmp(p, word, length) == 0 ? p + length : NULL;
}

static const char *skip_value(const char *p, int depth) {
  p = skip_space(p);
  if (p >= end_of_input || depth > MAXIMUM_DEPTH) return NULL;
  switch (*p) {
  case '{': return skip_members(p, depth, '}');
  case '[': return skip_members(p, depth, ']');
  case '"': return skip_string(p);
  case 't': return skip_word(p, "true");
  case 'f': return skip_word(p, "false");
  case 'n': return skip_word(p, "null");
  default: {
    const char *begin = p;
    while (p < end_of_input && memchr("+-.0123456789Ee", *p, 15) != NULL) p++;
    return p == begin ? NULL : p;
  }
  }
}

static json value_at(const char *p) {
  p = skip_space(p);
  json value = {NONE, {p, 0}, skip_value(p, 0), end_of_input};
  if (value.end == NULL) return value;
  value.text.length = (size_t)(value.end - p);
  switch (*p) {
  case '{': value.kind = OBJECT; break;
  case '[': value.kind = ARRAY; break;
  case 't': value.kind = TRUE; break;
  case 'f': value.kind = FALSE; break;
  case 'n': value.kind = NIL; break;
  case '"':
    value.kind = STRING;
    value.text = (text){p + 1, value.text.length - 2};
    break;
  default: value.kind = NUMBER;
  }
  return value;
}

bool json_read(const char *at, size_t length, json *root) {
  end_of_input = at + length;
  *root = value_at(at);
  return root->kind != NONE && skip_space(root->end) == end_of_input;
}

json json_member(json object, const char *name) {
  json none = {NONE, NOBODY, NULL, NULL};
  if (object.kind != OBJECT) return none;
  end_of_input = object.limit;
  const char *p = skip_space(object.text.at + 1);
  while (*p != '}') {
    json key = value_at(p);
    json value = value_at(skip_space(key.end) + 1);
    if (key.text.length == strlen(name) && memcmp(key.text.at, name, key.text.length) == 0) return value;
    p = skip_space(value.end);
    if (*p == ',') p = skip_space(p + 1);
  }
  return none;
}

json json_first(json array) {
  json none = {NONE, NOBODY, NULL, NULL};
  if (array.kind != ARRAY) return none;
  end_of_input = array.limit;
  const char *p = skip_space(array.text.at + 1);
  return *p == ']' ? none : value_at(p);
}

json json_next(json element) {
  end_of_input = element.limit;
  const char *p = skip_space(element.end);
  if (*p == ',') return value_at(p + 1);
  return (json){NONE, NOBODY, NULL, NULL};
}

long long json_number(json value, long long otherwise) {
  if (value.kind != NUMBER) return otherwise;
  long long number = 0;
  bool negative = *value.text.at == '-';
  for (size_t i = negative ? 1 : 0; i < value.text.length; i++) {
    char digit = value.text.at[i];
    if (digit < '0' || digit > '9') return otherwise;
    number = number * 10 + (digit - '0');
  }
  return negative ? -number : number;
}

static unsigned hexadecimal(const char *p) {
  char digits[5] = {0};
  memcpy(digits, p, 4);
  return (unsigned)strtoul(digits, NULL, 16);
}

static char *put_code_point(char *to, unsigned code) {
  if (code < 0x80) {
    *to++ = (char)code;
    return to;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  *to++ = (char)((0xf00 >> more) | (code >> (6 * more)));
  while (more-- > 0) *to++ = (char)(0x80 | ((code >> (6 * more)) & 0x3f));
  return to;
}

text json_unescape(text escaped) {
  char *at = malloc(escaped.length + 1), *to = at;
  const char *end = escaped.at + escaped.length;
  for (const char *p = escaped.at; p < end; p++) {
    if (*p != '\\') {
      *to++ = *p;
      continue;
    }
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *known = memchr(from, *++p, sizeof from - 1);
    if (known != NULL) {
      *to++ = into[known - from];
    } else if (*p == 'u' && end - p > 4) {
      unsigned code = hexadecimal(p + 1);
      p += 4;
      if ((code & 0xfc00) == 0xd800 && end - p > 6 && p[1] == '\\' && p[2] == 'u') {
        code = 0x10000 + ((code & 0x3ff) << 10) + (hexadecimal(p + 3) & 0x3ff);
        p += 6;
      }
      to = put_code_point(to, code);
    }
  }
  *to = 0;
  return (text){at, (size_t)(to - at)};
}
