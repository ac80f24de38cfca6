//! The guard of ../toolchains.md in Rust.
mod backend;
mod host;

use backend::Authors;
use host::{log, Answer, Level};
use serde_json::{json, Value};
use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

struct Policy {
    minimum: String,
    scope: String,
}

#[derive(Default)]
struct State {
    policy: Option<Policy>,
    calls: u32,
    authors: Authors,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

const MALFORMED: i32 = -1;
const NO_POLICY: i32 = -3;

#[no_mangle]
pub unsafe extern "C" fn label_agent(input: *const u8, length: usize, output: *mut u8, capacity: usize) -> i32 {
    answer(input, length, output, capacity, |state, policy| {
        let Some(rules) = policy["allow-only"].as_object() else {
            return Ok(json!({ "success": false, "error": "The policy has no allow-only object" }));
        };
        let minimum = rules.get("min-integrity").and_then(Value::as_str).unwrap_or("approved").to_owned();
        let scope = match rules.get("repos") {
            Some(Value::String(name)) => name.clone(),
            Some(Value::Array(_)) => "listed".to_owned(),
            _ => "public".to_owned(),
        };
        let labels = json!({
            "agent": { "secrecy": [], "integrity": [format!("{minimum}:{scope}")] },
            "difc_mode": "filter",
            "normalized_policy": { "min-integrity": minimum, "repos": scope },
        });
        *state = State { policy: Some(Policy { minimum, scope }), ..State::default() };
        Ok(labels)
    })
}

#[no_mangle]
pub unsafe extern "C" fn label_resource(input: *const u8, length: usize, output: *mut u8, capacity: usize) -> i32 {
    let status = answer(input, length, output, capacity, |state, call| {
        let tool = call["tool_name"].as_str().ok_or(MALFORMED)?;
        let Policy { minimum, scope } = state.policy.as_ref().ok_or(NO_POLICY)?;
        state.calls += 1;
        for level in [Level::Debug, Level::Info, Level::Warn, Level::Error] {
            log(level, &format!("{level} {tool} {}", state.calls));
        }
        let description = format!("{tool} #{}, {} authors, {minimum}:{scope}", state.calls, state.authors.len());
        let arguments = &call["tool_args"];
        let is_read = ["get_", "list_", "search_"].iter().any(|prefix| tool.starts_with(prefix));
        let integrity = format!("{minimum}:{scope}");
        let added = perform(tool, arguments, &mut state.authors);
        Ok(json!({
            "resource": { "description": description + &added, "secrecy": secrecy(arguments), "integrity": [integrity] },
            "operation": if is_read { "read" } else { "write" },
        }))
    });
    if status == host::TOO_SMALL {
        STATE.with(|state| state.borrow_mut().calls -= 1);
    }
    status
}

#[no_mangle]
pub unsafe extern "C" fn label_response(input: *const u8, length: usize, output: *mut u8, capacity: usize) -> i32 {
    answer(input, length, output, capacity, |state, call| {
        let tool = call["tool_name"].as_str().ok_or(MALFORMED)?;
        let Policy { scope, .. } = state.policy.as_ref().ok_or(NO_POLICY)?;
        let result = &call["tool_result"];
        let (root, items) = match (result, &result["items"]) {
            (Value::Array(items), _) => ("", items),
            (_, Value::Array(items)) => ("/items", items),
            _ => return Ok(Value::Null),
        };
        if items.is_empty() {
            return Ok(Value::Null);
        }
        let secrecy = secrecy(&call["tool_args"]);
        let mut paths = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            log(Level::Debug, &format!("item {index}"));
            let login = item["user"]["login"].as_str();
            let role = login.map(|login| state.authors.role(login)).unwrap_or(None);
            let trusted = matches!(item["author_association"].as_str(), Some("OWNER" | "MEMBER" | "COLLABORATOR"));
            let integrity = match (&role, login) {
                _ if trusted => vec![format!("approved:{scope}")],
                (Some(role), Some(_)) if role == "member" => vec![format!("approved:{scope}")],
                (Some(_), Some(_)) => vec![format!("unapproved:{scope}")],
                _ => vec![],
            };
            let description = format!(
                "#{} by {} ({})",
                item["number"].as_i64().unwrap_or(0),
                login.unwrap_or("nobody"),
                role.as_deref().unwrap_or("unknown")
            );
            let labels = json!({ "description": description, "secrecy": secrecy, "integrity": integrity });
            paths.push(json!({ "path": format!("{root}/{index}"), "labels": labels }));
        }
        log(Level::Info, &format!("labelled {} items", items.len()));
        if tool == "trap" {
            panic!("asked to trap");
        }
        Ok(json!({ "labeled_paths": paths, "items_path": root }))
    })
}

/// What a tool of the table does, and what its description gets.
fn perform(tool: &str, arguments: &Value, authors: &mut Authors) -> String {
    match tool {
        "trap" => panic!("asked to trap"),
        "exit" => std::process::exit(arguments["code"].as_i64().unwrap_or(0) as i32),
        "recurse" => format!("; depth {}", depth(1)),
        "sleep" => {
            let wanted = Duration::from_millis(arguments["ms"].as_u64().unwrap_or(20));
            let begin = Instant::now();
            std::thread::sleep(wanted);
            if begin.elapsed() >= wanted { "; slept" } else { "; woke early" }.to_owned()
        }
        "clock" => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
            tell("clock", now.to_string(), authors)
        }
        "random" => tell("random", host::random().iter().map(|byte| format!("{byte:02x}")).collect(), authors),
        "print" => {
            let text = arguments["text"].as_str().unwrap_or("");
            println!("{text}");
            format!("; printed ({})", authors.role(text).as_deref().unwrap_or("unknown"))
        }
        "large" => format!("; {}", "x".repeat(arguments["size"].as_u64().unwrap_or(0) as usize)),
        _ => String::new(),
    }
}

fn tell(what: &str, value: String, authors: &mut Authors) -> String {
    format!("; {what} {value} ({})", authors.role(&value).as_deref().unwrap_or("unknown"))
}

/// Does not end; the sum afterwards keeps the compiler from making a loop of it.
fn depth(level: u64) -> u64 {
    if std::hint::black_box(level) == 0 { 0 } else { std::hint::black_box(depth(level + 1)) + level }
}

fn secrecy(arguments: &Value) -> Vec<String> {
    match (arguments["owner"].as_str(), arguments["repo"].as_str()) {
        (Some(owner), Some(repo)) => vec![format!("repo:{owner}/{repo}")],
        _ => vec![],
    }
}

/// Reads the input, lets `label` answer, and writes the answer as guard ABI wants it.
unsafe fn answer(
    input: *const u8,
    length: usize,
    output: *mut u8,
    capacity: usize,
    label: impl FnOnce(&mut State, &Value) -> Result<Value, i32>,
) -> i32 {
    let Ok(value) = serde_json::from_slice(std::slice::from_raw_parts(input, length)) else {
        return MALFORMED;
    };
    match STATE.with(|state| label(&mut state.borrow_mut(), &value)) {
        Ok(Value::Null) => 0,
        Ok(found) => Answer::new(output, capacity).write(found.to_string().as_bytes()),
        Err(code) => code,
    }
}
