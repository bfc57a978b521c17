import type { JobHandler } from '@leviathan/core';

enum Size {
  small = 1,
  large = 2,
}

const resize: JobHandler<{ width: number }, string> = ({ input }) => `${Size[Size.large]} ${input.width}`;
export default resize;
