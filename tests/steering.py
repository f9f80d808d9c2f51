"""A screen in a window, which a test steers by keys until it rests."""

import pygame


class Steered:
    """Has a `screen`, a `surface` and the time `now`."""

    def settle(self):
        for _ in range(100):
            if self.screen.update(self.now):
                self.screen.draw(self.surface)
            elif self.screen.wake_at is None:
                return
            self.now += 0.2
        raise AssertionError("the screen never rests")

    def press(self, *names):
        for name in names:
            code = pygame.key.key_code(name)
            self.screen.handle(pygame.Event(pygame.KEYDOWN, key=code, unicode=""))
            self.settle()
        return self.screen.outcome
