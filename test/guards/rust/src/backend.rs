//! The authors that the backend was asked about, with their roles; failures are kept too.
use crate::host::ask;
use serde_json::{json, Value};
use std::collections::HashMap;

#[derive(Default)]
pub struct Authors(HashMap<String, Option<String>>);

impl Authors {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `None` when the backend failed.
    pub fn role(&mut self, login: &str) -> Option<String> {
        if let Some(known) = self.0.get(login) {
            return known.clone();
        }
        let found = role_of(login);
        self.0.insert(login.to_owned(), found.clone());
        found
    }
}

fn role_of(login: &str) -> Option<String> {
    let result: Value = serde_json::from_slice(&ask("get_user", &json!({ "login": login }).to_string())?).ok()?;
    let user: Value = serde_json::from_str(result["content"][0]["text"].as_str()?).ok()?;
    Some(user["role"].as_str()?.to_owned())
}
