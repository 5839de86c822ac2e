import { AppService } from 'matrix-appservice';

// The AppService of matrix-appservice as a process of its own: port and hs_token are its arguments. It acknowledges
// when its listeners were called, and stores nothing.
const [, , port = '', homeserverToken = ''] = process.argv;

const appservice = new AppService({ homeserverToken });
appservice.on('event', () => undefined);
void appservice.listen(Number(port), '127.0.0.1', 511);
