// SPDX-License-Identifier: GPL-2.0-only
/* mark: begin the next section of cache_model.c's output. Processors ignore the instruction. */
int main(void)
{
	asm volatile("hint #112");
	return 0;
}
