package postgres

// OpenParted opens a store whose parts have so many ids.
var OpenParted = openParted
