/* Accessors that need the engine's internal structures. Included by unity.c, never compiled alone. */
