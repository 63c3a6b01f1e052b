namespace TinyWorker.Tests.Processes.Functions;

internal static class Extensions
{
    public static string Then(this string? first, string second) => first + second;

    public static Func<T, T> Twice<T>(this Func<T, T> function) => x => function(function(x));

    public static long LengthPlus(this Stream stream, int x) => stream.Length + x;

    public static T Twice<T>(this Func<T, T> function, T x) => function(function(x));
}
