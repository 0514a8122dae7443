export const greeting = (name: string): string => `hello ${name}, bundled on the way`;
