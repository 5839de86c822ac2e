import { HttpRefusal } from '../../deploy/local/src/http-refusal';
import { untilAnswered } from './repeated';

describe('a request that is repeated until it is answered', () => {
  const calm = new AbortController().signal;

  it('is repeated after a broken connection and after an error of the server', async () => {
    const answers = [new TypeError('fetch failed'), new HttpRefusal('away', 502)];
    const request = async (): Promise<string> => {
      const failure = answers.shift();
      if (failure) throw failure;
      return 'answered';
    };
    expect(await untilAnswered(request, calm)).toBe('answered');
    expect(answers).toEqual([]);
  });

  it('is not repeated when it is wrong', async () => {
    const request = jest.fn().mockRejectedValue(new HttpRefusal('not allowed', 403));
    await expect(untilAnswered(request, calm)).rejects.toThrow('not allowed');
    expect(request).toHaveBeenCalledTimes(1);
  });

  it('is not repeated when the run is over', async () => {
    const over = new AbortController();
    const request = async (): Promise<never> => {
      over.abort();
      throw new TypeError('fetch failed');
    };
    await expect(untilAnswered(request, over.signal)).rejects.toThrow('aborted');
  });
});
