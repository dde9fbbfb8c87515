// SPDX-License-Identifier: GPL-2.0-only
/* mark: begin the next section of what cache_model.c writes. To processors it is nothing. */
int main(void)
{
	asm volatile("hint #112");
	return 0;
}
