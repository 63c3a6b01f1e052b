namespace TinyWorker.Examples;

// <sample>
internal sealed class Sieve : TinyWorker<int, int>
{
    private readonly int[] primesBelow;   // each worker makes its own table, once

    public Sieve(int size)
    {
        primesBelow = new int[size + 1];
        var isComposite = new bool[size + 1];
        for (var n = 2; n <= size; n++)
        {
            primesBelow[n] = primesBelow[n - 1] + (isComposite[n - 1] || n == 2 ? 0 : 1);
            if (isComposite[n]) continue;
            for (var multiple = 2L * n; multiple <= size; multiple += n) isComposite[multiple] = true;
        }
    }

    public override int Call(int limit, CancellationToken cancellationToken) => primesBelow[limit];
}
// </sample>
