export default ({ input }) => input.at.getFullYear();
