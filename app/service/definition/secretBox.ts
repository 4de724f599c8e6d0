import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { SettingsError } from '../../domain/errors';
import type { Database } from '../../repository/database';
import { storeOnce } from '../../repository/meta';

/** What every sealed value begins with: the version says how the rest is to be read. */
export const sealedPrefix = 'enc:v1:';

const nonceBytes = 12;
const tagBytes = 16;
const checkId = 'secretKey';
const checkText = 'watchbell';

/** Encrypts secrets at rest with AES-256-GCM. Each value is bound to its place: it opens nowhere else. */
export class SecretBox {
  private readonly key: Buffer;

  /** `key` is the text of WATCHBELL_SECRET_KEY; it must be the same on every host. */
  constructor(key: string) {
    this.key = Buffer.from(hkdfSync('sha256', key, '', 'watchbell secrets v1', 32));
  }

  /** `place` is `collection/name/field`. */
  seal(text: string, place: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return sealedPrefix + Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** Throws SettingsError where the value was sealed with another key, for another place, or was changed. */
  open(sealed: string, place: string): string {
    try {
      const bytes = Buffer.from(sealed.slice(sealedPrefix.length), 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (error) {
      throw new SettingsError(`The secret ${place} cannot be opened with this WATCHBELL_SECRET_KEY.`, { cause: error });
    }
  }

  /** Compares the key with the one that this installation was begun with. Throws SettingsError where it is another. */
  async assertKey(database: Database): Promise<void> {
    const place = `meta/${checkId}`;
    const stored = await storeOnce(database, checkId, this.seal(checkText, place));
    try {
      this.open(stored, place);
    } catch (error) {
      throw new SettingsError(
        'WATCHBELL_SECRET_KEY is not the key that this database was begun with: set the key that the other hosts use.',
        { cause: error },
      );
    }
  }
}
