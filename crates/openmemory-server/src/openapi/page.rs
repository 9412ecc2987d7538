//! How does a person read the routes? As one page without scripts, made of the document.

use serde_json::Value;
use utoipa::openapi::OpenApi as Document;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
    code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#8881;padding:.75rem;overflow:auto}\
    h3{margin:2rem 0 .25rem}h3 b{display:inline-block;min-width:4.5rem}summary{cursor:pointer}";

pub fn page(document: &Document) -> String {
    let document = serde_json::to_value(document).unwrap_or_default();
    let mut html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>OpenMemory</title><style>{STYLE}</style><h1>OpenMemory</h1><p>{}</p>\
         <p><a href=openapi.json>openapi.json</a></p>",
        escaped(document["info"]["description"].as_str().unwrap_or_default())
    );
    let mut tag = "";
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let named = operation["tags"][0].as_str().unwrap_or_default();
            if named != tag {
                html.push_str(&format!("<h2>{}</h2>", escaped(named)));
                tag = named;
            }
            html.push_str(&section(method, path, operation));
        }
    }
    html.push_str("<h2>Shapes</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        html.push_str(&details(&format!("<span id='{0}'>{0}</span>", escaped(name)), schema));
    }
    html
}

fn section(method: &str, path: &str, operation: &Value) -> String {
    let text = |name: &str| escaped(operation[name].as_str().unwrap_or_default());
    let mut html = format!("<h3><b>{}</b> <code>{}</code></h3>", method.to_uppercase(), escaped(path));
    html.push_str(&format!("<p>{}. {}</p>", text("summary"), text("description")));
    for (title, name) in [("Parameters", "parameters"), ("Body", "requestBody"), ("Answers", "responses")] {
        if !operation[name].is_null() {
            html.push_str(&details(title, &operation[name]));
        }
    }
    html
}

fn details(title: &str, value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    format!("<details><summary>{title}</summary><pre>{}</pre></details>", escaped(&text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;")
}
