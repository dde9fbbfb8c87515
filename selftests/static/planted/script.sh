#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Planted: an expansion that splits.
rm $1
