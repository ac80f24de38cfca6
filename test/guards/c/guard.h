// What the parts of the guard share.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))

typedef struct {
  const char *at;
  size_t length;
} text;
#define TEXT(literal) ((text){literal, sizeof(literal) - 1})
#define NOBODY ((text){NULL, 0})

IMPORT("call_backend") int call_backend(const char *tool, size_t tool_length, const char *args, size_t args_length, char *result, size_t capacity);
IMPORT("host_log") void host_log(int level, const char *message, size_t length);

// text.c: growing text. %t is a text, %s a string, %u an unsigned, %d a long long.
typedef struct {
  char *at;
  size_t length, capacity;
} buffer;
void put_bytes(buffer *b, const char *at, size_t length);
void put(buffer *b, const char *format, ...);

// json.c: values stay where they are in the input; the text of a string is what stands between its quotes.
typedef struct {
  enum { NONE, NIL, TRUE, FALSE, NUMBER, STRING, ARRAY, OBJECT } kind;
  text text;
  // Where the value ends, and where the text that it was read from does.
  const char *end, *limit;
} json;
bool json_read(const char *at, size_t length, json *root);
json json_member(json object, const char *name);
json json_first(json array);
json json_next(json element);
long long json_number(json value, long long otherwise);
// The text without escapes, ended by 0, to be freed.
text json_unescape(text escaped);

// authors.c: who wrote what, by the backend's word. The role of a failure is NOBODY.
text role_of(text login);
unsigned authors_count(void);
void authors_forget(void);

// perform.c: what the table of ../toolchains.md says of a tool.
void perform(buffer *b, text tool, json arguments);
