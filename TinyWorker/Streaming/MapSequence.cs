using System.Collections;
using System.Runtime.CompilerServices;

namespace TinyWorker.Streaming;

/// <summary>What a blocking map returns. Each enumeration is a map of its own, with a turn of its own.</summary>
/// <param name="make">Makes the iterator of an enumeration; it does nothing before its first MoveNext.</param>
internal sealed class MapSequence<T>(Func<MapTurn, IEnumerable<T>> make) : IEnumerable<T>
{
    public IEnumerator<T> GetEnumerator()
    {
        var turn = new MapTurn();
        return new Enumerator(make(turn).GetEnumerator(), turn);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private sealed class Enumerator(IEnumerator<T> inner, MapTurn turn) : IEnumerator<T>
    {
        public T Current => inner.Current;

        object? IEnumerator.Current => Current;

        public bool MoveNext()
        {
            if (!turn.TryBegin()) return false;
            bool moved;
            try
            {
                moved = inner.MoveNext();
            }
            catch
            {
                turn.Finish();   // an iterator that has thrown has ended
                throw;
            }

            if (turn.TryEnd()) return moved;
            inner.Dispose();
            return false;
        }

        public void Reset() => throw new NotSupportedException("A map cannot be reset. Enumerate it again: that is a new map.");

        public void Dispose()
        {
            if (turn.TryLeave()) inner.Dispose();
        }
    }
}

/// <summary>What an asynchronous map returns. Each enumeration is a map of its own, with a turn of its own.</summary>
/// <param name="make">Makes the iterator of an enumeration, with the token of the enumeration; it does nothing before its first
/// MoveNextAsync.</param>
internal sealed class AsyncMapSequence<T>(Func<MapTurn, CancellationToken, IAsyncEnumerable<T>> make) : IAsyncEnumerable<T>
{
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var turn = new MapTurn();
        return new Enumerator(make(turn, cancellationToken).GetAsyncEnumerator(CancellationToken.None), turn);
    }

    private sealed class Enumerator(IAsyncEnumerator<T> inner, MapTurn turn) : IAsyncEnumerator<T>
    {
        public T Current => inner.Current;

        // The turn ends here, where the iterator inside is at rest, and not inside it: it could not be disposed before its answer was taken.
        // A result that is there already costs no state machine.
        public ValueTask<bool> MoveNextAsync()
        {
            ValueTask<bool> moving;
            try
            {
                if (!turn.TryBegin()) return new ValueTask<bool>(false);
            }
            catch (InvalidOperationException e)
            {
                return ValueTask.FromException<bool>(e);
            }

            turn.EnterCall();
            try
            {
                moving = inner.MoveNextAsync();
            }
            finally
            {
                turn.LeaveCall();
            }

            if (!moving.IsCompletedSuccessfully) return EndAsync(moving);
            var moved = moving.Result;
            return turn.TryEnd() ? new ValueTask<bool>(moved) : LeaveAsync();
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<bool> EndAsync(ValueTask<bool> moving)
        {
            bool moved;
            try
            {
                moved = await moving.ConfigureAwait(false);
            }
            catch
            {
                turn.Finish();   // an iterator that has thrown has ended
                throw;
            }

            return turn.TryEnd() ? moved : await LeaveAsync().ConfigureAwait(false);
        }

        private async ValueTask<bool> LeaveAsync()
        {
            await inner.DisposeAsync().ConfigureAwait(false);
            return false;
        }

        public ValueTask DisposeAsync() => turn.TryLeave() ? inner.DisposeAsync() : default;
    }
}
