/* SPDX-License-Identifier: Apache-2.0 */
#include "names/keyboard.h"

#define ROWS 4

/* What a key gives that is no letter, digit or hyphen does not matter here. */
static const char *const layouts[][ROWS] = {
	{ "1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm" },
	{ "1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm   -" },
	{ "1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn" },
};

/* Quarters of a key that a row begins to the right of the first. */
static const int shifts[ROWS] = { 0, 2, 3, 5 };

/* Its row and quarter; false when the layout does not have it. */
static bool
find_key(const char *const layout[static ROWS], uint32_t letter, int *ret_row, int *ret_quarter)
{
	for (int row = 0; row < ROWS; row++) {
		const char *key = letter < 0x80 ? strchr(layout[row], (int)letter) : NULL;

		if (!key || !*key)
			continue;
		*ret_row = row;
		*ret_quarter = shifts[row] + 4 * (int)(key - layout[row]);
		return true;
	}
	return false;
}

static int
apart(int a, int b)
{
	return a > b ? a - b : b - a;
}

bool
keys_are_neighbours(uint32_t a, uint32_t b)
{
	for (size_t i = 0; i < COUNT_OF(layouts); i++) {
		int row[2], quarter[2];

		if (find_key(layouts[i], a, &row[0], &quarter[0]) &&
		    find_key(layouts[i], b, &row[1], &quarter[1]) && apart(row[0], row[1]) <= 1 &&
		    apart(quarter[0], quarter[1]) <= 4 && a != b)
			return true;
	}
	return false;
}
