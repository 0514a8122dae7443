/** Names of recipes: part of names and keys. 2–32 characters. */
export const recipePattern = /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/;
