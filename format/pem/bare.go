package pem

import (
	"bytes"
)

// findBare finds base64 that has no boundaries: the whole text, or runs of
// lines in it.
func findBare(text []byte, nested int) []Block {
	if decoded, ok := decodeDER(text); ok {
		lead := len(text) - len(bytes.TrimLeftFunc(text, isBlank))
		return []Block{{Bytes: decoded, Line: 1 + bytes.Count(text[:lead], []byte{'\n'})}}
	}
	if blocks := findNested(text, nested); blocks != nil {
		return blocks
	}
	var blocks []Block
	start, startLine := -1, 0 // of the run of lines; -1 between runs
	flush := func(end int) {
		if start < 0 {
			return
		}
		if decoded, ok := decodeDER(text[start:end]); ok {
			blocks = append(blocks, Block{Bytes: decoded, Line: startLine})
		}
		start = -1
	}
	offset, line := 0, 0
	for one := range bytes.Lines(text) {
		line++
		if !looksEncoded(one) {
			flush(offset)
		} else if start < 0 {
			start, startLine = offset, line
		}
		offset += len(one)
	}
	flush(len(text))
	return blocks
}

// looksEncoded reports a line of base64 alone.
func looksEncoded(line []byte) bool {
	trimmed := bytes.TrimFunc(line, isBlank)
	for _, c := range trimmed {
		if !isBase64(c) && c != '=' && c != '-' && c != '_' && c != ' ' && c != '\t' {
			return false
		}
	}
	return len(trimmed) > 0
}

// findNested finds what is in base64 around a PEM text, as the secrets of
// Kubernetes have it: "LS0tLS1CRUdJTi" is "-----BEGIN".
func findNested(text []byte, nested int) []Block {
	const maxNested = 1
	if nested >= maxNested || !bytes.HasPrefix(bytes.TrimLeftFunc(text, isBlank), []byte("LS0tLS1")) {
		return nil
	}
	decoded, err := decodeBase64(text, 1)
	if err != nil {
		return nil
	}
	blocks, err := findText(toUTF8(decoded), nested+1)
	if err != nil {
		return nil
	}
	return blocks
}
