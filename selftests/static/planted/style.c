// SPDX-License-Identifier: GPL-2.0-only
/* Planted: not the kernel's style. */
int planted( int a ){
    return a;
}
