// Line ends that end a statement. A line goes on before an operator and before the clauses of an edge or network:
// `lead` in grammar/kd.pest. Inside brackets and after operators the parser does not ask.

#include "tree_sitter/parser.h"

#include <string.h>

enum { NEWLINE };

void *tree_sitter_kd_external_scanner_create(void) { return NULL; }
void tree_sitter_kd_external_scanner_destroy(void *payload) { (void)payload; }
unsigned tree_sitter_kd_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}
void tree_sitter_kd_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

static bool is_blank(int32_t c) { return c == ' ' || c == '\t'; }
static bool is_line_end(int32_t c) { return c == '\n' || c == '\r'; }
static bool is_word(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Reads a word of at most 7 letters; a longer one is none of those looked for.
static bool next_word_goes_on(TSLexer *lexer) {
  char word[8] = {0};
  for (size_t length = 0; is_word(lexer->lookahead); lexer->advance(lexer, false)) {
    if (length == sizeof word - 1) return false;
    word[length++] = (char)lexer->lookahead;
  }
  static const char *const always[] = {"and", "or", "else", "as"};
  for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
    if (strcmp(word, always[i]) == 0) return true;
  }
  static const char *const clauses[] = {"by", "weight", "from"};
  for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++) {
    if (strcmp(word, clauses[i]) != 0) continue;
    if (!is_blank(lexer->lookahead)) return false;
    while (is_blank(lexer->lookahead)) lexer->advance(lexer, false);
    return lexer->lookahead != '=' && lexer->lookahead != ':';
  }
  return false;
}

// Whether what stands behind line ends and comments goes on with the line before.
static bool goes_on(TSLexer *lexer) {
  for (;;) {
    while (is_blank(lexer->lookahead) || is_line_end(lexer->lookahead)) lexer->advance(lexer, false);
    switch (lexer->lookahead) {
      case '/':
        lexer->advance(lexer, false);
        if (lexer->lookahead != '/') return true;
        while (!lexer->eof(lexer) && !is_line_end(lexer->lookahead)) lexer->advance(lexer, false);
        continue;
      case '-': case '+': case '*': case '%': case '@': case '^': case '<': case '>':
        return true;
      case '~': case '!': case '=': {
        int32_t first = lexer->lookahead;
        lexer->advance(lexer, false);
        return lexer->lookahead == (first == '~' ? '>' : '=');
      }
      default:
        return is_word(lexer->lookahead) && next_word_goes_on(lexer);
    }
  }
}

bool tree_sitter_kd_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
  (void)payload;
  if (!valid_symbols[NEWLINE]) return false;
  while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
  if (!is_line_end(lexer->lookahead)) return false;
  while (is_line_end(lexer->lookahead)) lexer->advance(lexer, false);
  lexer->mark_end(lexer);
  lexer->result_symbol = NEWLINE;
  return !goes_on(lexer);
}
