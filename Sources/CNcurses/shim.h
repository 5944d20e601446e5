// ncurses with wide characters. NCURSES_NOMACROS keeps functions functions, since Swift cannot
// import function-like macros; constants that are macros, and global variables, which Swift 6
// takes for data races, come as accessors.
#pragma once

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#define NCURSES_OPAQUE 0

#include <locale.h>
#include <sys/eventfd.h>
#include <wchar.h>

#include <curses.h>
#include <term.h>

static inline WINDOW *cncurses_screen(void) { return stdscr; }
static inline WINDOW *cncurses_current_screen(void) { return curscr; }
static inline int cncurses_colors(void) { return COLORS; }
static inline int cncurses_color_pairs(void) { return COLOR_PAIRS; }

static inline attr_t cncurses_bold(void) { return A_BOLD; }
static inline attr_t cncurses_dim(void) { return A_DIM; }
static inline attr_t cncurses_italic(void) { return A_ITALIC; }
static inline attr_t cncurses_underline(void) { return A_UNDERLINE; }
static inline attr_t cncurses_reverse(void) { return A_REVERSE; }

// The pair goes through `opts` as an int: the short in the signature ends at 32,767.
static inline int cncurses_set_character(
    cchar_t *cell, const wchar_t *text, attr_t attributes, int pair) {
  return setcchar(cell, text, attributes, 0, &pair);
}

// Gives a pair new colours where the caller knows that no cell on the screen uses it. ncurses
// would look through the whole screen for such cells, for each pair; with thousands of new pairs
// a frame that takes 100 ms. So for that moment the screen has no rows.
static inline int cncurses_set_unused_pair(int pair, int foreground, int background) {
  NCURSES_SIZE_T rows = curscr->_maxy;
  curscr->_maxy = -1;
  int status = init_extended_pair(pair, foreground, background);
  curscr->_maxy = rows;
  return status;
}

// Columns that the C library, and so ncurses, gives a character; -1 for one it cannot print.
// The header declares it only with feature macros that Swift does not set.
extern int wcwidth(wchar_t character);
static inline int cncurses_width(wchar_t character) { return wcwidth(character); }

// A file in memory for ncurses to write to; 1 is MFD_CLOEXEC.
extern int memfd_create(const char *name, unsigned int flags);
static inline int cncurses_memory_file(void) { return memfd_create("curses", 1); }

static inline int cncurses_event_counter(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
