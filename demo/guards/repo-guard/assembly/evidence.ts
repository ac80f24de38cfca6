// The evidence table: how much an item can be trusted (the sample guard's specification, Integrity of an item).

import * as item from "./item";
import { COMMENT, COMMIT, BRANCH, DEFAULT_REF, FILE, LABEL, OTHER, OTHER_REF, PULL, RELEASE, REPOSITORY, TAG, NOTIFICATION } from "./call";
import { APPROVED, BLOCKED, MERGED, NONE, PRIVATE, UNAPPROVED } from "./scope";
import { first, isArray, isObject, isText, next } from "./json";
import { inList, inReactions } from "./names";
import { isName } from "./text";
import {
  approvalLabels, blockedUsers, demotionLabel, disapprovalLevel, disapprovals, endorsements, endorserLevel, promotionLabel, refusalLabels, trustedBots, trustedUsers,
} from "./policy";

/** What the kind of an object proves by itself, `tool` being the kind that the tool is about. */
export function levelOfKind(tool: i32, ref: i32, visibility: i32): i32 {
  if (tool == FILE || tool == COMMIT) {
    if (ref == DEFAULT_REF) return MERGED;
    if (tool == FILE && ref == OTHER_REF) return APPROVED;
  }
  if (tool == REPOSITORY || tool == BRANCH || tool == TAG || tool == RELEASE || tool == LABEL) return APPROVED;
  return visibility == PRIVATE ? APPROVED : NONE;
}

/** The level of the item that was read last; `kind` is the item's, `tool` the kind that the tool is about. */
export function levelOfItem(kind: i32, tool: i32, ref: i32, visibility: i32): i32 {
  let level = kind == COMMENT || kind == NOTIFICATION ? levelOfKind(OTHER, ref, visibility) : levelOfKind(tool, ref, visibility);
  if (kind == REPOSITORY) level = max(level, APPROVED);
  if (isText(item.association)) level = max(level, levelOfAssociation(item.association));
  if (isTrusted(item.author)) level = max(level, APPROVED);
  if (kind == PULL) {
    if (item.isMerged) level = MERGED;
    if (item.origin == item.SAME) level = max(level, APPROVED);
    else if (item.origin == item.FORK) level = max(level, UNAPPROVED);
  }
  let refused = false;
  if (item.labels != 0) {
    if (hasLabel(approvalLabels) || hasLabel(promotionLabel)) level = max(level, APPROVED);
    refused = hasLabel(refusalLabels) || hasLabel(demotionLabel);
  }
  if (item.reactions != 0) {
    if (hasReaction(endorsements)) level = max(level, APPROVED);
    if (hasReaction(disapprovals)) level = min(level, disapprovalLevel);
  }
  if (refused) level = NONE;
  return inList(blockedUsers, item.author) || inList(blockedUsers, item.coauthor) ? BLOCKED : level;
}

function levelOfAssociation(v: usize): i32 {
  if (isName(v, "owner") || isName(v, "member") || isName(v, "collaborator")) return APPROVED;
  return isName(v, "contributor") || isName(v, "first_time_contributor") || isName(v, "none") ? UNAPPROVED : NONE;
}

function isTrusted(login: usize): bool {
  if (login == 0) return false;
  return (
    isName(login, "dependabot[bot]") || isName(login, "github-actions[bot]") || isName(login, "copilot") ||
    inList(trustedUsers, login) || inList(trustedBots, login)
  );
}

// Labels are names, objects with a name, or a connection of such objects.
function hasLabel(names: usize): bool {
  if (names == 0) return false;
  const all = isObject(item.labels) ? item.field(item.labels, "nodes") : item.labels;
  if (!isArray(all)) return false;
  for (let label = first(all); label != 0; label = next(label)) {
    if (inList(names, isObject(label) ? item.field(label, "name") : label)) return true;
  }
  return false;
}

function hasReaction(contents: usize): bool {
  if (contents == 0) return false;
  const all = item.field(item.reactions, "nodes");
  if (!isArray(all)) return false;
  for (let node = first(all); node != 0; node = next(node)) {
    if (!inReactions(contents, item.field(node, "content"))) continue;
    const user = item.field(node, "user");
    if (isObject(user) && standing(node, user) >= endorserLevel) return true;
  }
  return false;
}

function standing(node: usize, user: usize): i32 {
  const login = item.field(user, "login");
  if (inList(blockedUsers, login)) return BLOCKED;
  if (isText(login) && isTrusted(login)) return APPROVED;
  let association = item.field(user, "author_association");
  if (association == 0) association = item.field(user, "authorAssociation");
  if (association == 0) association = item.field(node, "author_association");
  if (association == 0) association = item.field(node, "authorAssociation");
  return isText(association) ? levelOfAssociation(association) : NONE;
}
