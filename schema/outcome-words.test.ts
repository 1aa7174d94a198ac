import { describe, expect, it } from 'vitest'
import { statedByName, statedByResult } from './outcome-words.ts'

describe('what an action says of its outcome', () => {
  it.each([
    'admin.mfa.challenge.failed',
    'loginFailed',
    'LOGIN_FAILED',
    'MFAFailed',
    'Failed Login (3/5)',
    'access-denied',
    'request refused',
    'ORDER_REJECTED',
    'account_locked',
    'invalid token',
    'password expired',
    'unsuccessful login',
    'not authorized',
    'user.not_found',
    'не успешно',
    'Учётная запись заблокирована',
    'Zugriff verweigert',
    'Anmeldung nicht erfolgreich',
    'Accès refusé',
    'session expirée',
    'session expiré',
    'Acceso denegado',
    'Accesso negato',
    'Acesso recusado',
    'toegang geweigerd',
    'Odmowa dostępu',
    'Přístup odepřen',
    'hozzáférés megtagadva',
    'acces refuzat',
    'låst',
    'Відмовлено у доступі',
    'Достъпът е отхвърлен',
    'Erişim engellendi',
    '登录失败',
    'ログインに失敗しました',
    '로그인 실패',
    'تسجيل الدخول مرفوض',
    'הכניסה נדחתה',
  ])('%s is a failure', (text) => expect(statedByName(text)).toBe('failure'))

  it.each([
    'account_unlocked',
    'Разблокировано',
    'entsperrt',
    'failover',
    'failOver',
    'fail-over started',
    'validated',
    'invalidated',
    'cache invalidated',
    'unexpired',
    'expiration changed',
    'password_never_expires',
    'negative balance',
    'refund',
    'last',
    'terror',
    'no failures',
    '0 failed',
    'login',
    'access granted',
    'customer.created',
    '',
  ])('%s says nothing of it', (text) => expect(statedByName(text)).toBeUndefined())

  it.each([
    'login success',
    'admin.auth.success',
    'User logged in',
    'erfolgreich angemeldet',
    'Успешный вход',
    '登录成功',
  ])('%s is a success', (text) => expect(statedByName(text)).toBe('success'))
})

describe('what a result says', () => {
  it.each([
    'Отказано',
    'Authorization denied',
    'Не удалось',
    'false',
    'No',
    'нет',
    '✗',
    '⛔',
    '403',
    '500',
    'Not granted',
    'timed out',
  ])('%s is a failure', (text) => expect(statedByResult(text)).toBe('failure'))
  it.each(['OK', 'Успешно', 'Erfolgreich', '✓', '✔️', '200', 'Access granted', 'completed'])(
    '%s is a success',
    (text) => expect(statedByResult(text)).toBe('success'),
  )
  it.each(['Foo', '', 'pending', '302', 'Partially completed', 'No errors', '⚠️', 'Authorization', '7'])(
    '%s is neither',
    (text) => expect(statedByResult(text)).toBeUndefined(),
  )
})
