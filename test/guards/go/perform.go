package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// perform does what the table of ../toolchains.md says of a tool, and gives what its description gets.
func perform(tool string, given args) string {
	switch tool {
	case "trap":
		panic("asked to trap")
	case "exit":
		os.Exit(given.number("code", 0))
	case "recurse":
		return fmt.Sprintf("; depth %d", depth(1))
	case "sleep":
		wanted := time.Duration(given.number("ms", 20)) * time.Millisecond
		begin := time.Now()
		time.Sleep(wanted)
		if time.Since(begin) < wanted {
			return "; woke early"
		}
		return "; slept"
	case "clock":
		return tell(tool, strconv.FormatInt(time.Now().UnixNano(), 10))
	case "random":
		var bytes [8]byte
		rand.Read(bytes[:])
		return tell(tool, hex.EncodeToString(bytes[:]))
	case "print":
		text := given.text("text", "")
		fmt.Println(text)
		return fmt.Sprintf("; printed (%s)", shownRole(text))
	case "large":
		return "; " + strings.Repeat("x", given.number("size", 0))
	}
	return ""
}

func tell(what, value string) string {
	return fmt.Sprintf("; %s %s (%s)", what, value, shownRole(value))
}

func shownRole(login string) string {
	if role := roleOf(login); role != nil {
		return *role
	}
	return "unknown"
}

//go:noinline
func depth(level int) int { return depth(level+1) + level }

// roleOf asks once per login; nil stands for a failure and is kept too.
func roleOf(login string) *string {
	role, known := authors[login]
	if !known {
		role = askRole(login)
		authors[login] = role
	}
	return role
}

func askRole(login string) *string {
	arguments, _ := json.Marshal(map[string]string{"login": login})
	found, ok := ask("get_user", arguments)
	if !ok {
		return nil
	}
	var result struct {
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
	}
	var user struct {
		Role *string `json:"role"`
	}
	if json.Unmarshal(found, &result) != nil || len(result.Content) == 0 {
		return nil
	}
	if json.Unmarshal([]byte(result.Content[0].Text), &user) != nil {
		return nil
	}
	return user.Role
}
