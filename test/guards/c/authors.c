// The authors that the backend was asked about, with their roles; failures are kept too.
#include "guard.h"

#include <stdlib.h>
#include <string.h>

typedef struct author {
  struct author *next;
  text login, role;
} author;

enum { BUCKETS = 256 };
static author *buckets[BUCKETS];
static unsigned count;

static unsigned hash(text t) {
  unsigned sum = 2166136261u;
  for (size_t i = 0; i < t.length; i++) sum = (sum ^ (unsigned char)t.at[i]) * 16777619u;
  return sum % BUCKETS;
}

unsigned authors_count(void) { return count; }

void authors_forget(void) {
  for (int i = 0; i < BUCKETS; i++) {
    for (author *a = buckets[i]; a != NULL;) {
      author *next = a->next;
      free((char *)a->login.at);
      free((char *)a->role.at);
      free(a);
      a = next;
    }
    buckets[i] = NULL;
  }
  count = 0;
}

// Asks the backend; a result that does not fit is asked for again with a buffer of the size it needs.
static bool ask(const char *tool, text arguments, buffer *result) {
  *result = (buffer){malloc(256), 0, 256};
  for (int attempt = 0; attempt < 3; attempt++) {
    int found = call_backend(tool, strlen(tool), arguments.at, arguments.length, result->at, result->capacity);
    if (found >= 0) {
      result->length = (size_t)found;
      return true;
    }
    if (found != -2) break;
    uint32_t needed;
    memcpy(&needed, result->at, sizeof needed);
    size_t capacity = needed > result->capacity * 2 ? needed : result->capacity * 2;
    free(result->at);
    *result = (buffer){malloc(capacity), 0, capacity};
  }
  return false;
}

static text role_in(text result) {
  json root, user;
  if (!json_read(result.at, result.length, &root)) return NOBODY;
  json content = json_member(json_first(json_member(root, "content")), "text");
  if (content.kind != STRING) return NOBODY;
  text inner = json_unescape(content.text), role = NOBODY;
  if (json_read(inner.at, inner.length, &user)) {
    json found = json_member(user, "role");
    if (found.kind == STRING) {
      char *at = malloc(found.text.length + 1);
      memcpy(at, found.text.at, found.text.length);
      role = (text){at, found.text.length};
    }
  }
  free((char *)inner.at);
  return role;
}

text role_of(text login) {
  unsigned bucket = hash(login);
  for (author *a = buckets[bucket]; a != NULL; a = a->next)
    if (a->login.length == login.length && memcmp(a->login.at, login.at, login.length) == 0) return a->role;
  buffer arguments = {0}, result;
  put(&arguments, "{\"login\":\"%t\"}", login);
  text role = ask("get_user", (text){arguments.at, arguments.length}, &result) ? role_in((text){result.at, result.length}) : NOBODY;
  free(arguments.at);
  free(result.at);
  author *added = malloc(sizeof *added);
  char *at = malloc(login.length + 1);
  memcpy(at, login.at, login.length);
  *added = (author){buckets[bucket], {at, login.length}, role};
  buckets[bucket] = added;
  count++;
  return role;
}
