//! Bytes of a cell to text, in the declared encoding and no other.

use super::mapping::Encoding;

/// 0x80 to 0x9F in windows-1252; NUL where the code page defines nothing.
const UPPER_CONTROLS: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘',
    '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// The text; none where the bytes are none in this encoding.
pub(super) fn decode(bytes: &[u8], encoding: Encoding) -> Option<String> {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Encoding::Windows1252 => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

fn windows_1252(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9F => {
            let letter = UPPER_CONTROLS.get(usize::from(byte) - 0x80).copied()?;
            (letter != '\0').then_some(letter)
        }
        other => Some(char::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_reads_its_own_bytes_only() {
        let text = |bytes: &[u8]| decode(bytes, Encoding::Windows1252);
        assert_eq!(
            text(b"\x80 5 caf\xe9\xa0").as_deref(),
            Some("€ 5 café\u{a0}")
        );
        assert_eq!(text(b"\x9f\x9e\x99").as_deref(), Some("Ÿž™"));
        assert_eq!(text(b"\x81"), None);
        assert_eq!(decode(b"caf\xe9", Encoding::Utf8), None);
        assert_eq!(decode("é".as_bytes(), Encoding::Utf8).as_deref(), Some("é"));
    }
}
