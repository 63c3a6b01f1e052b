namespace TinyWorker.Tests.Api;

/// <summary>A little of everything that a public API can have, for the test of the text.</summary>
public static class Samples
{
    public enum Kind : byte
    {
        One = 1,
        Many = 2,
    }

    public delegate T? Step<out T>(ref int first, in int second, out int last)
        where T : class?;

    public interface IFinder<out T>
        where T : new()
    {
        T Found { get; }

        bool HasFound => Found is not null;
    }

    public abstract class Shelf<TKey, TValue> : IDisposable
        where TKey : notnull
        where TValue : struct, IComparable<TValue>
    {
        public const int Size = 3;
        public static readonly string? Default = string.IsInterned("x");

        protected Shelf()
        {
        }

        internal Shelf(int hidden) => _ = hidden;

        public event Action<TKey?>? Changed;

        public required string Name { get; init; }

        public (TKey, TValue?)[]? Content { get; protected set; }

        public TKey this[int index] => throw new NotSupportedException($"{index}");

        public abstract Dictionary<string, List<TKey?>>? Find(
            string? name = "all", Kind kind = Kind.Many, CancellationToken token = default);

        public sealed override string? ToString() => null;

        public virtual void Dispose()
        {
            Changed?.Invoke(default);
            GC.SuppressFinalize(this);
        }

        internal static void Hide()
        {
        }
    }

    public readonly record struct Value(int Number, double? Share = 0.5)
    {
        public static Value operator +(Value left, Value right) => new(left.Number + right.Number);
    }

    [Obsolete("A message.")]
    public sealed record Note(string Text);
}
