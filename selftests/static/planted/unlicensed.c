/* Planted: nothing says under which licence this is. */
