import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';

/** What goes to the homeserver's media repository before a message can name it. */
@Injectable()
export class FileUploader {
  // PLACEHOLDER: its owner replaces this.
  /** The content of a message, with its file in place; of a file that is not shown, the line that says so. */
  async contentOf({ content, file }: MessageOf<'command.send-message'>): Promise<Record<string, unknown>> {
    if (!file) return content;
    const body = `“${file.title}” is in the record and cannot be shown here.`;
    return { ...content, msgtype: 'm.notice', body };
  }
}
