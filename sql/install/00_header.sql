\echo Use "CREATE EXTENSION billing" to load this file. \quit
