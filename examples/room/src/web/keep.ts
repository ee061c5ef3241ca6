/** Who this tab is: kept until it is closed, so that a reload comes back as the same user and two tabs are two users. */
export interface Identity {
  readonly name: string;
  readonly token: string;
}

// Storage may be switched off, and then throws: the page works without it.
function attempt<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch {
    return undefined;
  }
}

export function keptIdentity(): Identity | undefined {
  const name = attempt(() => sessionStorage.getItem('room.name'));
  const token = attempt(() => sessionStorage.getItem('room.token'));
  return name && token ? { name, token } : undefined;
}

export function keepIdentity(identity: Identity | undefined): void {
  attempt(() => {
    if (identity === undefined) {
      sessionStorage.removeItem('room.token');
      sessionStorage.removeItem('room.name');
    } else {
      sessionStorage.setItem('room.name', identity.name);
      sessionStorage.setItem('room.token', identity.token);
    }
  });
}

/** A choice that outlives the tab. */
export const kept = (name: string): string | null => attempt(() => localStorage.getItem(`room.${name}`)) ?? null;
export const keep = (name: string, value: string): void => {
  attempt(() => localStorage.setItem(`room.${name}`, value));
};
