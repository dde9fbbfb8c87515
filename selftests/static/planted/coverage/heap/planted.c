// SPDX-License-Identifier: GPL-2.0-only
/* For the host: a line that is not reached. */
static int answer(int question)
{
	if (question == 6 * 7)
		return 1;
	return 0;
}

int main(void)
{
	return answer(1);
}
