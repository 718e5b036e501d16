//! Kafka's names in Rust's spelling.

/// `ThrottleTimeMs` → `throttle_time_ms`. KRaft is one word.
pub fn snake(name: &str) -> String {
    let name = name.replace("KRaft", "Kraft");
    let mut snake = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        before = letter;
    }
    snake
}

/// The module of a message.
pub fn module(message: &str) -> String {
    snake(message)
}

/// A field's name; a keyword of Rust as a raw identifier.
pub fn field(name: &str) -> String {
    let snake = snake(name);
    match snake.as_str() {
        "type" | "match" | "ref" | "use" | "enum" | "struct" | "gen" => format!("r#{snake}"),
        _ => snake,
    }
}

/// The name of an API, without Request or Response.
pub fn api(message: &str) -> &str {
    message.strip_suffix("Request").or_else(|| message.strip_suffix("Response")).unwrap_or(message)
}
