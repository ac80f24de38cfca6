// The guard of ../toolchains.md in C: labels. Texts that end up in answers stay JSON escaped, as they came.
#include "guard.h"

#include <stdlib.h>
#include <string.h>

enum { MALFORMED = -1, TOO_SMALL = -2, NO_POLICY = -3 };

static struct {
  bool given;
  text minimum, scope;
} policy;
static unsigned calls;

static bool is(text t, const char *word) { return t.length == strlen(word) && memcmp(t.at, word, t.length) == 0; }

static bool starts(text t, const char *word) { return t.length >= strlen(word) && memcmp(t.at, word, strlen(word)) == 0; }

static text copy(text t) {
  char *at = malloc(t.length + 1);
  memcpy(at, t.at, t.length);
  return (text){at, t.length};
}

static int answer(buffer *b, char *output, size_t capacity) {
  int status = (int)b->length;
  if (b->length <= capacity) {
    memcpy(output, b->at, b->length);
  } else {
    uint32_t needed = (uint32_t)b->length;
    if (capacity >= sizeof needed) memcpy(output, &needed, sizeof needed);
    status = TOO_SMALL;
  }
  free(b->at);
  return status;
}

static void put_tag(buffer *b, text level) { put(b, "\"%t:%t\"", level, policy.scope); }

EXPORT("label_agent") int label_agent(const char *input, size_t length, char *output, size_t capacity) {
  json root;
  if (!json_read(input, length, &root)) return MALFORMED;
  buffer b = {0};
  json only = json_member(root, "allow-only");
  if (only.kind != OBJECT) {
    put(&b, "{\"success\":false,\"error\":\"The policy has no allow-only object\"}");
    return answer(&b, output, capacity);
  }
  json minimum = json_member(only, "min-integrity"), repos = json_member(only, "repos");
  if (policy.given) {
    free((char *)policy.minimum.at);
    free((char *)policy.scope.at);
  }
  policy.given = true;
  policy.minimum = copy(minimum.kind == STRING ? minimum.text : TEXT("approved"));
  policy.scope = copy(repos.kind == STRING ? repos.text : repos.kind == ARRAY ? TEXT("listed") : TEXT("public"));
  calls = 0;
  authors_forget();
  put(&b, "{\"agent\":{\"secrecy\":[],\"integrity\":[");
  put_tag(&b, policy.minimum);
  put(&b, "]},\"difc_mode\":\"filter\",\"normalized_policy\":{\"min-integrity\":\"%t\",\"repos\":\"%t\"}}", policy.minimum, policy.scope);
  return answer(&b, output, capacity);
}

static int read_call(const char *input, size_t length, json *root, text *tool) {
  if (!json_read(input, length, root)) return MALFORMED;
  json name = json_member(*root, "tool_name");
  if (name.kind != STRING) return MALFORMED;
  *tool = name.text;
  return policy.given ? 0 : NO_POLICY;
}

static void put_secrecy(buffer *b, json arguments) {
  json owner = json_member(arguments, "owner"), repo = json_member(arguments, "repo");
  put(b, "\"secrecy\":[");
  if (owner.kind == STRING && repo.kind == STRING) put(b, "\"repo:%t/%t\"", owner.text, repo.text);
  put(b, "],\"integrity\":[");
}

static void log_text(int level, const char *format, text t, unsigned number) {
  buffer b = {0};
  put(&b, format, t, number);
  host_log(level, b.at, b.length);
  free(b.at);
}

EXPORT("label_resource") int label_resource(const char *input, size_t length, char *output, size_t capacity) {
  json root;
  text tool;
  int fault = read_call(input, length, &root, &tool);
  if (fault != 0) return fault;
  calls++;
  static const char *const levels[] = {"debug %t %u", "info %t %u", "warn %t %u", "error %t %u"};
  text plain = json_unescape(tool);
  for (int level = 0; level < 4; level++) log_text(level, levels[level], plain, calls);
  free((char *)plain.at);
  json arguments = json_member(root, "tool_args");
  buffer b = {0};
  put(&b, "{\"resource\":{\"description\":\"%t #%u, %u authors, ", tool, calls, authors_count());
  put(&b, "%t:%t", policy.minimum, policy.scope);
  perform(&b, tool, arguments);
  put(&b, "\",");
  put_secrecy(&b, arguments);
  put_tag(&b, policy.minimum);
  bool reads = starts(tool, "get_") || starts(tool, "list_") || starts(tool, "search_");
  put(&b, "]},\"operation\":\"%s\"}", reads ? "read" : "write");
  int status = answer(&b, output, capacity);
  if (status == TOO_SMALL) calls--;
  return status;
}

static void put_item(buffer *b, json item, json arguments) {
  json login = json_member(json_member(item, "user"), "login");
  json association = json_member(item, "author_association");
  bool named = login.kind == STRING;
  text role = named ? role_of(login.text) : NOBODY;
  bool trusted = association.kind == STRING &&
                 (is(association.text, "OWNER") || is(association.text, "MEMBER") || is(association.text, "COLLABORATOR"));
  put(b, "\"labels\":{\"description\":\"#%d by %t (%t)\",", json_number(json_member(item, "number"), 0),
      named ? login.text : TEXT("nobody"), role.at == NULL ? TEXT("unknown") : role);
  put_secrecy(b, arguments);
  if (trusted || is(role, "member")) put_tag(b, TEXT("approved"));
  else if (role.at != NULL) put_tag(b, TEXT("unapproved"));
  put(b, "]}");
}

EXPORT("label_response") int label_response(const char *input, size_t length, char *output, size_t capacity) {
  json root;
  text tool;
  int fault = read_call(input, length, &root, &tool);
  if (fault != 0) return fault;
  json items = json_member(root, "tool_result");
  const char *path = "";
  if (items.kind != ARRAY) {
    items = json_member(items, "items");
    path = "/items";
  }
  json arguments = json_member(root, "tool_args");
  buffer b = {0};
  unsigned count = 0;
  put(&b, "{\"labeled_paths\":[");
  for (json item = json_first(items); item.kind != NONE; item = json_next(item)) {
    log_text(0, "item%t %u", TEXT(""), count);
    put(&b, "%s{\"path\":\"%s/%u\",", count == 0 ? "" : ",", path, count);
    put_item(&b, item, arguments);
    put(&b, "}");
    count++;
  }
  put(&b, "],\"items_path\":\"%s\"}", path);
  if (count == 0) b.length = 0;
  else log_text(1, "labelled%t %u items", TEXT(""), count);
  if (count > 0 && is(tool, "trap")) abort();
  return answer(&b, output, capacity);
}
