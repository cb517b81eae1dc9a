// Package terms cuts texts into the terms that searches find them by, and searches
// into queries for these. Both are cut by the same rules, so that whatever is copied
// from a text finds it, whole or in part, in any script.
//
// A text is folded first: what looks the same is the same (NFKC), without case,
// accents, vowel points and characters nobody sees. Words are letters and digits;
// everything else parts them. What is kept of
//
//   - a word: its stem, by the endings of English, at its place. Words that nearly all
//     texts have, as "the", are kept of titles, and of texts that have no others
//   - words that no space parts, as in INV-00417 or 10.0.3.7: besides, each two
//     neighbours together, so that these are found as they stand, however often the
//     text has their parts
//   - scripts that are written without spaces, as Chinese and Thai: each two
//     neighbouring characters together, and the last alone
//   - a word after a dash, as in rm -rf: besides, the two together, for in a search
//     this is a word that must not be there
package terms
