// The guard of ../toolchains.md in Go.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

type policy struct {
	minimum string
	scope   string
}

func (p policy) tag(level string) string { return level + ":" + p.scope }

var (
	rules   *policy
	calls   int
	authors = map[string]*string{}
)

type statusError int32

func (s statusError) Error() string { return fmt.Sprintf("status %d", int32(s)) }

const (
	malformed = statusError(-1)
	tooSmall  = -2
	noPolicy  = statusError(-3)
)

type labels struct {
	Description string   `json:"description"`
	Secrecy     []string `json:"secrecy"`
	Integrity   []string `json:"integrity"`
}

type call struct {
	Tool   *string `json:"tool_name"`
	Args   args    `json:"tool_args"`
	Result any     `json:"tool_result"`
}

// args takes whatever is there: members of other types than wanted count as absent.
type args map[string]any

func (a args) text(name, otherwise string) string {
	if value, ok := a[name].(string); ok {
		return value
	}
	return otherwise
}

func (a args) number(name string, otherwise int) int {
	if value, ok := a[name].(float64); ok {
		return int(value)
	}
	return otherwise
}

func (a args) secrecy() []string {
	owner, hasOwner := a["owner"].(string)
	repo, hasRepo := a["repo"].(string)
	if hasOwner && hasRepo {
		return []string{"repo:" + owner + "/" + repo}
	}
	return []string{}
}

func main() {}

//go:wasmexport label_agent
func labelAgent(input, length, output, capacity uint32) int32 {
	return answer(output, capacity, func() (any, error) {
		var given map[string]any
		if json.Unmarshal(bytesAt(input, length), &given) != nil {
			return nil, malformed
		}
		only, ok := given["allow-only"].(map[string]any)
		if !ok {
			return map[string]any{"success": false, "error": "The policy has no allow-only object"}, nil
		}
		next := policy{minimum: args(only).text("min-integrity", "approved"), scope: args(only).text("repos", "public")}
		if _, isList := only["repos"].([]any); isList {
			next.scope = "listed"
		}
		rules, calls, authors = &next, 0, map[string]*string{}
		return map[string]any{
			"agent":             map[string]any{"secrecy": []string{}, "integrity": []string{next.tag(next.minimum)}},
			"difc_mode":         "filter",
			"normalized_policy": map[string]string{"min-integrity": next.minimum, "repos": next.scope},
		}, nil
	})
}

//go:wasmexport label_resource
func labelResource(input, length, output, capacity uint32) int32 {
	status := answer(output, capacity, func() (any, error) {
		given, err := readCall(input, length)
		if err != nil {
			return nil, err
		}
		tool := *given.Tool
		calls++
		for level, name := range []string{"debug", "info", "warn", "error"} {
			log(level, fmt.Sprintf("%s %s %d", name, tool, calls))
		}
		description := fmt.Sprintf("%s #%d, %d authors, %s", tool, calls, len(authors), rules.tag(rules.minimum))
		operation := "write"
		for _, prefix := range []string{"get_", "list_", "search_"} {
			if strings.HasPrefix(tool, prefix) {
				operation = "read"
			}
		}
		return map[string]any{
			"resource": labels{
				Description: description + perform(tool, given.Args),
				Secrecy:     given.Args.secrecy(),
				Integrity:   []string{rules.tag(rules.minimum)},
			},
			"operation": operation,
		}, nil
	})
	if status == tooSmall {
		calls--
	}
	return status
}

//go:wasmexport label_response
func labelResponse(input, length, output, capacity uint32) int32 {
	return answer(output, capacity, func() (any, error) {
		given, err := readCall(input, length)
		if err != nil {
			return nil, err
		}
		root := ""
		items, isList := given.Result.([]any)
		if !isList {
			root = "/items"
			object, _ := given.Result.(map[string]any)
			items, _ = object["items"].([]any)
		}
		if len(items) == 0 {
			return nil, nil
		}
		type entry struct {
			Path   string `json:"path"`
			Labels labels `json:"labels"`
		}
		paths := make([]entry, 0, len(items))
		for index, item := range items {
			log(0, fmt.Sprintf("item %d", index))
			paths = append(paths, entry{fmt.Sprintf("%s/%d", root, index), labelItem(item, given.Args.secrecy())})
		}
		log(1, fmt.Sprintf("labelled %d items", len(items)))
		if *given.Tool == "trap" {
			panic("asked to trap")
		}
		return map[string]any{"labeled_paths": paths, "items_path": root}, nil
	})
}

func labelItem(item any, secrecy []string) labels {
	object, _ := item.(map[string]any)
	user, _ := object["user"].(map[string]any)
	login, isNamed := user["login"].(string)
	shown := "unknown"
	integrity := []string{}
	if isNamed {
		if role := roleOf(login); role != nil {
			shown = *role
			integrity = []string{rules.tag("unapproved")}
		}
	} else {
		login = "nobody"
	}
	association := args(object).text("author_association", "")
	if shown == "member" || association == "OWNER" || association == "MEMBER" || association == "COLLABORATOR" {
		integrity = []string{rules.tag("approved")}
	}
	return labels{
		Description: fmt.Sprintf("#%d by %s (%s)", args(object).number("number", 0), login, shown),
		Secrecy:     secrecy,
		Integrity:   integrity,
	}
}

func readCall(input, length uint32) (call, error) {
	var given call
	if json.Unmarshal(bytesAt(input, length), &given) != nil || given.Tool == nil {
		return given, malformed
	}
	if rules == nil {
		return given, noPolicy
	}
	return given, nil
}

// answer writes what label says as the guard ABI wants it; nil is the empty answer.
func answer(output, capacity uint32, label func() (any, error)) int32 {
	value, err := label()
	var status statusError
	if errors.As(err, &status) {
		return int32(status)
	}
	if value == nil {
		return 0
	}
	text, err := json.Marshal(value)
	if err != nil {
		return int32(malformed)
	}
	return write(text, output, capacity)
}
