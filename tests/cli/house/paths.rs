//! The paths that a Rust source names, read from its text.

/// A word or a sign of Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    /// `::`
    Colons,
    Other(char),
}

/// Words and punctuation of Rust, without comments, strings and character literals.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment(rest)
        } else if let Some(length) = string(rest) {
            length
        } else if rest.starts_with("::") {
            tokens.push(Token::Colons);
            2
        } else if first == '_' || first.is_alphanumeric() {
            let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..length].to_owned()));
            length
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Other(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the block comment, and of those inside it, that `text` begins with.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    for (index, _) in text.char_indices() {
        match &text[index..] {
            rest if rest.starts_with("/*") => depth += 1,
            rest if rest.starts_with("*/") => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 2;
        }
    }
    text.len()
}

/// The length of the string or character literal that `text` begins with.
fn string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let rest = text.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with('"') || prefix.ends_with('r') && rest.starts_with("#\""))
    });
    if let Some(prefix) = prefix {
        let hashes = text[prefix.len()..].chars().take_while(|&c| c == '#').count();
        let begin = prefix.len() + hashes + 1;
        if prefix.ends_with('r') {
            let end = format!("\"{}", "#".repeat(hashes));
            return Some(text[begin..].find(&end).map_or(text.len(), |length| begin + length + end.len()));
        }
        return Some(closing(text, begin, '"'));
    }
    let mut characters = text.strip_prefix('\'')?.chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), _) => Some(closing(text, 1, '\'')),
        (Some(c), Some('\'')) => Some(c.len_utf8() + 2),
        // A lifetime.
        _ => Some(1),
    }
}

/// Where the literal that is open at `begin` ends: behind the first quote without a backslash.
fn closing(text: &str, begin: usize, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in text[begin..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return begin + index + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Every path, with the module it stands in: imports with all their branches, and `a::b` in code.
pub(super) fn paths(tokens: &[Token], own: &[String]) -> Vec<(Vec<String>, Vec<String>)> {
    let mut found = Vec::new();
    let mut module = own.to_vec();
    // Inline modules: the depth of braces outside of each.
    let (mut depth, mut inline) = (0, Vec::new());
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        match token {
            Token::Word(word) if word == "mod" => {
                if let Some([Token::Word(name), Token::Other('{')]) = tokens.get(index + 1..index + 3) {
                    module.push(name.clone());
                    inline.push(depth);
                    index += 1;
                }
                index += 1;
            }
            Token::Word(_) => {
                let imported = index > 0 && tokens[index - 1] == Token::Word("use".into());
                let mut branches = Vec::new();
                index = branch(tokens, index, &[], &mut branches);
                branches.retain(|path| path.len() > 1 || imported);
                found.extend(branches.into_iter().map(|path| (module.clone(), path)));
            }
            Token::Other('{') => (depth, index) = (depth + 1, index + 1),
            Token::Other('}') => {
                (depth, index) = (depth - 1, index + 1);
                if inline.last() == Some(&depth) {
                    inline.pop();
                    module.pop();
                }
            }
            _ => index += 1,
        }
    }
    found
}

/// Reads the path at `index` into `found`, behind `prefix`; where it ends.
fn branch(tokens: &[Token], mut index: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    while let Some(Token::Word(word)) = tokens.get(index) {
        path.push(word.clone());
        index += 1;
        if tokens.get(index) != Some(&Token::Colons) {
            break;
        }
        index += 1;
        if tokens.get(index) == Some(&Token::Other('{')) {
            index += 1;
            while !matches!(tokens.get(index), None | Some(Token::Other('}'))) {
                let next = branch(tokens, index, &path, found);
                index = next.max(index + 1);
            }
            return index + 1;
        }
    }
    if path.len() > prefix.len() {
        found.push(path);
    } else if tokens.get(index) == Some(&Token::Other('*')) {
        found.push([prefix, &["*".to_owned()]].concat());
    }
    index
}
