export const heard = true;
